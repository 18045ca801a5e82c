// The image of a container as a tag value.

const shortIdLength = 12;

/**
 * The repository and its tag, such as `registry:5000/shop/web:1.2`. A digest is left out: it is unreadable, and every
 * rebuilt image would begin new series. Of an image without a name, the first 12 digits of its id, as `docker ps` shows.
 */
export function imageText(image: string): string {
  const [name = ''] = image.split('@');
  const [, id] = /^(?:sha256:)?([0-9a-f]{64})$/.exec(name) ?? [];
  return id === undefined ? name : id.slice(0, shortIdLength);
}

/** The first 12 digits of an id, as `docker ps` shows. */
export function shortId(id: string): string {
  return id.slice(0, shortIdLength);
}

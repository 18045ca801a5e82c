// The switch that leaves out the tests with a real Docker Engine or Podman, and the error where they cannot be started.

export const dockerSwitch = 'BRIDGE_DOCKER';

type Env = Readonly<Record<string, string | undefined>>;

/** Returns the switch that leaves the tests out; undefined: they run. */
export function dockerLeftOut(env: Env): string | undefined {
  const name = [dockerSwitch, 'BRIDGE_E2E'].find((each) => env[each] === 'off');
  return name === undefined ? undefined : `left out by ${name}`;
}

/** The error of an engine that cannot be started here. It names the packages and the switch. */
export class NoEngine extends Error {
  override readonly name = 'NoEngine';

  /**
   * @param engine - `Docker Engine` or `Podman`
   * @param packages - of Debian, with what it needs
   */
  constructor(engine: string, packages: string, why: unknown) {
    const reason = (why instanceof Error ? why.message : String(why)).trim();
    super(
      `${engine} cannot be started: it needs root and Debian's packages ${packages} (${reason}); ${dockerSwitch}=off leaves these tests out`,
      { cause: why },
    );
  }
}

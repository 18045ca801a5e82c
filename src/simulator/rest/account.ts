// The credentials of the simulated Catchpoint account: key and secret of the REST API v1, and the API key of v2.

export const account = { key: 'demo-key', secret: 'demo-secret', apiKey: 'demo-api-key' } as const;

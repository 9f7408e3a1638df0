// npm oidc-provider as its own example sets it up, with JWT access tokens under ES256 and a Map for a store.
// One process: a second one would not know the codes of the first. Nothing outlives it, and no access token is kept.
//
// PORT; BENCH_CODES codes of each kind, written with the clients to the file BENCH_SEEDS before it listens.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';

import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

const { PORT, BENCH_CODES, BENCH_SEEDS, BENCH_CHALLENGE } = process.env;
const REDIRECT = 'https://app.bench.example/callback';
const RESOURCE = 'urn:bench';
const SCOPE = 'user:read';
const DAY_SECONDS = 86400;

class Store {
  static rows = new Map();
  static families = new Map();

  constructor(name) {
    this.name = name;
  }

  async upsert(id, row) {
    Store.rows.set(`${this.name}:${id}`, row);
    if (!row.grantId) return;
    if (!Store.families.has(row.grantId)) Store.families.set(row.grantId, []);
    Store.families.get(row.grantId).push(`${this.name}:${id}`);
  }

  async find(id) {
    return Store.rows.get(`${this.name}:${id}`);
  }

  async consume(id) {
    Store.rows.get(`${this.name}:${id}`).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Store.rows.delete(`${this.name}:${id}`);
  }

  async revokeByGrantId(grantId) {
    for (const key of Store.families.get(grantId) ?? []) Store.rows.delete(key);
  }
}

const secret = () => randomBytes(32).toString('base64url');
const { privateKey } = await generateKeyPair('ES256', { extractable: true });
const withPeople = {
  grant_types: ['authorization_code', 'refresh_token'],
  redirect_uris: [REDIRECT],
  response_types: ['code'],
};
const ofMachine = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [] };
const posted = () => ({ token_endpoint_auth_method: 'client_secret_post', client_secret: secret() });
const clients = {
  confidential: { client_id: 'confidential', ...withPeople, ...posted() },
  public: { client_id: 'public', ...withPeople, token_endpoint_auth_method: 'none' },
  machine: { client_id: 'machine', ...ofMachine, ...posted() },
};

const provider = new Provider('https://id.bench.example', {
  adapter: Store,
  clients: Object.values(clients),
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  cookies: { keys: [secret()] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: SCOPE,
        audience: RESOURCE,
        accessTokenTTL: 3600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  issueRefreshToken: () => true,
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig' }] },
  rotateRefreshToken: () => true,
  scopes: [SCOPE],
  ttl: { AuthorizationCode: DAY_SECONDS, Grant: DAY_SECONDS, RefreshToken: 30 * DAY_SECONDS },
});
provider.proxy = true;
provider.use(async (context, next) => {
  if (context.path !== '/empty') return next();
  context.body = 'ok';
});

async function issue(kind) {
  const client = await provider.Client.find(clients[kind].client_id);
  const accountId = `person-${randomBytes(4).toString('hex')}`;
  const grant = new provider.Grant({ accountId, clientId: client.clientId });
  grant.addResourceScope(RESOURCE, SCOPE);
  const code = new provider.AuthorizationCode({
    accountId,
    client,
    codeChallenge: BENCH_CHALLENGE,
    codeChallengeMethod: 'S256',
    grantId: await grant.save(),
    gty: 'authorization_code',
    redirectUri: REDIRECT,
    resource: RESOURCE,
    scope: SCOPE,
  });
  return code.save();
}

const codes = { confidential: [], public: [] };
for (const kind of Object.keys(codes)) {
  for (let number = 0; number < Number(BENCH_CODES); number += 1) codes[kind].push(await issue(kind));
}
const known = Object.fromEntries(
  Object.entries(clients).map(([kind, { client_id, client_secret, redirect_uris }]) => [
    kind,
    { client_id, ...(client_secret && { client_secret }), ...(redirect_uris[0] && { redirect_uri: redirect_uris[0] }) },
  ]),
);
writeFileSync(BENCH_SEEDS, JSON.stringify({ clients: known, codes, cookies: [] }));
provider.listen(Number(PORT), '127.0.0.1');

// The strictest way there is: a pushed request, a key instead of a secret, and tokens bound to another key.
import * as client from "openid-client";
import { callbackOf, finish, given, scope } from "./lane.mjs";

const key = await crypto.subtle.importKey(
  "jwk", given.private_jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"],
);
const config = await client.discovery(
  new URL(given.base_url),
  given.client_id,
  undefined,
  client.PrivateKeyJwt({ key, kid: given.private_jwk.kid }),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
);
const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: given.redirect_uri,
  scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
}, { DPoP });
const callback = await callbackOf(url);
const tokens = await client.authorizationCodeGrant(
  config, callback, { pkceCodeVerifier: verifier, expectedState: state }, undefined, { DPoP },
);
const api = new URL(`${given.base_url}/auth/v1/profile`);
const profile = await client.fetchProtectedResource(config, tokens.access_token, api, "GET", undefined, undefined, { DPoP });
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
const after = await client.fetchProtectedResource(config, refreshed.access_token, api, "GET", undefined, undefined, { DPoP });
const borne = await fetch(api, { headers: { Authorization: `Bearer ${refreshed.access_token}` } });
await client.tokenRevocation(config, refreshed.access_token);
let afterRevoke = 200;
try {
  await client.fetchProtectedResource(config, refreshed.access_token, api, "GET", undefined, undefined, { DPoP });
} catch (refusal) {
  afterRevoke = refusal.cause?.[0] ? 401 : refusal.status;
}
await finish({
  token_type: tokens.token_type,
  query: [...url.searchParams.keys()].sort(),
  scope: tokens.scope,
  profile: await profile.json(),
  after_refresh: after.status,
  borne: borne.status,
  after_revoke: afterRevoke,
});

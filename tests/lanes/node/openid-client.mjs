import * as client from "openid-client";
import { callbackOf, finish, given, profileStatus, scope } from "./lane.mjs";

const config = await client.discovery(
  new URL(given.base_url),
  given.client_id,
  given.client_secret,
  given.client_secret ? undefined : client.None(),
  { algorithm: "oauth2", execute: [client.allowInsecureRequests] },
);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const callback = await callbackOf(url);
const tokens = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier: verifier, expectedState: state });
const profile = await client.fetchProtectedResource(
  config, tokens.access_token, new URL(`${given.base_url}/auth/v1/profile`), "GET",
);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const afterRefresh = await profileStatus(refreshed.access_token);
await client.tokenRevocation(config, refreshed.refresh_token ?? tokens.refresh_token);
await finish({
  scope: tokens.scope,
  profile: await profile.json(),
  after_refresh: afterRefresh,
  after_revoke: await profileStatus(refreshed.access_token),
});

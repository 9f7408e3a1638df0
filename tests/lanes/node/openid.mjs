// OpenID Connect as a web application does it: discovery, an ID token checked by the published
// keys, userinfo, refresh, and the way out.
import * as client from "openid-client";
import { callbackOf, finish, given } from "./lane.mjs";

const config = await client.discovery(
  new URL(given.base_url),
  given.client_id,
  given.client_secret,
  undefined,
  { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
);
const verifier = client.randomPKCECodeVerifier();
const state = client.randomState();
const nonce = client.randomNonce();
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirect_uri,
  scope: "openid profile email",
  state,
  nonce,
  max_age: "600",
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const callback = await callbackOf(url);
const tokens = await client.authorizationCodeGrant(config, callback, {
  pkceCodeVerifier: verifier,
  expectedState: state,
  expectedNonce: nonce,
  maxAge: 600,
  idTokenExpected: true,
});
const claims = tokens.claims();
const person = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
const logout = client.buildEndSessionUrl(config, {
  post_logout_redirect_uri: given.post_logout_redirect_uri,
  id_token_hint: refreshed.id_token,
  state: "bye",
});
await finish({ claims, person, refreshed: refreshed.claims(), logout: logout.href });

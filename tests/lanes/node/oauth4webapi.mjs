import * as oauth from "oauth4webapi";
import { callbackOf, finish, given, profileStatus, scope } from "./lane.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(given.base_url);
const server = await oauth.processDiscoveryResponse(
  issuer, await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure }),
);
const client = { client_id: given.client_id };
const authentication = given.client_secret ? oauth.ClientSecretPost(given.client_secret) : oauth.None();
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const url = new URL(server.authorization_endpoint);
url.search = new URLSearchParams({
  client_id: given.client_id,
  redirect_uri: given.redirect_uri,
  response_type: "code",
  scope,
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
});
const parameters = oauth.validateAuthResponse(server, client, await callbackOf(url), state);
const tokens = await oauth.processAuthorizationCodeResponse(server, client, await oauth.authorizationCodeGrantRequest(
  server, client, authentication, parameters, given.redirect_uri, verifier, insecure,
));
const profile = await oauth.protectedResourceRequest(
  tokens.access_token, "GET", new URL(`${given.base_url}/auth/v1/profile`), new Headers(), null, insecure,
);
const refreshed = await oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(
  server, client, authentication, tokens.refresh_token, insecure,
));
const afterRefresh = await profileStatus(refreshed.access_token);
await oauth.processRevocationResponse(await oauth.revocationRequest(
  server, client, authentication, refreshed.refresh_token ?? tokens.refresh_token, insecure,
));
await finish({
  scope: tokens.scope,
  profile: await profile.json(),
  after_refresh: afterRefresh,
  after_revoke: await profileStatus(refreshed.access_token),
});

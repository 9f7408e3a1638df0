import { OAuth2Client, generateCodeVerifier } from "@badgateway/oauth2-client";
import { callbackOf, finish, given, profileStatus, scope } from "./lane.mjs";

const client = new OAuth2Client({
  server: given.base_url,
  discoveryEndpoint: "/.well-known/oauth-authorization-server",
  clientId: given.client_id,
  clientSecret: given.client_secret,
});
const codeVerifier = await generateCodeVerifier();
const state = "the-state-of-badgateway";
const redirectUri = given.redirect_uri;
const callback = await callbackOf(await client.authorizationCode.getAuthorizeUri({
  redirectUri, state, codeVerifier, scope: scope.split(" "),
}));
const first = await client.authorizationCode.getTokenFromCodeRedirect(callback, { redirectUri, state, codeVerifier });
const profile = await fetch(`${given.base_url}/auth/v1/profile`, {
  headers: { Authorization: `Bearer ${first.accessToken}` },
});
const refreshed = await client.refreshToken(first);
const afterRefresh = await profileStatus(refreshed.accessToken);
await client.revoke({ ...refreshed, refreshToken: refreshed.refreshToken ?? first.refreshToken }, "refresh_token");
await finish({
  scope: first.scope.join(" "),
  profile: await profile.json(),
  after_refresh: afterRefresh,
  after_revoke: await profileStatus(refreshed.accessToken),
});

import { createHash, randomBytes } from "node:crypto";
import { AuthorizationCode } from "simple-oauth2";
import { callbackOf, finish, given, profileStatus, scope } from "./lane.mjs";

const client = new AuthorizationCode({
  client: { id: given.client_id, secret: given.client_secret ?? "" },
  auth: {
    tokenHost: given.base_url,
    tokenPath: "/api/oauth/v1/token",
    refreshPath: "/api/oauth/v1/token",
    revokePath: "/api/oauth/v1/revoke",
    authorizePath: "/api/oauth/v1/authorize",
  },
  options: { authorizationMethod: given.client_secret ? "header" : "body" },
});
const verifier = randomBytes(32).toString("base64url");
const state = randomBytes(16).toString("base64url");
const callback = await callbackOf(client.authorizeURL({
  redirect_uri: given.redirect_uri,
  scope,
  state,
  code_challenge: createHash("sha256").update(verifier).digest("base64url"),
  code_challenge_method: "S256",
}));
if (callback.searchParams.get("state") !== state) throw new Error("another state came back");
const first = await client.getToken({
  code: callback.searchParams.get("code"),
  redirect_uri: given.redirect_uri,
  code_verifier: verifier,
});
const profile = await fetch(`${given.base_url}/auth/v1/profile`, {
  headers: { Authorization: `Bearer ${first.token.access_token}` },
});
const refreshed = await first.refresh();
const afterRefresh = await profileStatus(refreshed.token.access_token);
await (refreshed.token.refresh_token ? refreshed : first).revoke("refresh_token");
await finish({
  scope: first.token.scope,
  profile: await profile.json(),
  after_refresh: afterRefresh,
  after_revoke: await profileStatus(refreshed.token.access_token),
});

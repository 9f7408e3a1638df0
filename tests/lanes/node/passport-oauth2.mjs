// An Express application with passport-oauth2; this script is its visitor's browser too. Passport signs in
// and stops there: refresh and revocation are the application's own calls.
import { once } from "node:events";
import express from "express";
import session from "express-session";
import passport from "passport";
import OAuth2Strategy from "passport-oauth2";
import { callbackOf, finish, given, profileStatus, scope } from "./lane.mjs";

const api = `${given.base_url}/api/oauth/v1`;
const app = express();
const server = app.listen(0, "127.0.0.1");
await once(server, "listening");
const port = server.address().port;
const path = new URL(given.redirect_uri).pathname;
passport.use(new OAuth2Strategy({
  authorizationURL: `${api}/authorize`,
  tokenURL: `${api}/token`,
  clientID: given.client_id,
  clientSecret: given.client_secret ?? "",
  callbackURL: `http://127.0.0.1:${port}${path}`,
  scope: scope.split(" "),
  state: true,
  pkce: true,
}, (accessToken, refreshToken, answer, profile, done) => done(null, { accessToken, refreshToken, scope: answer.scope })));
app.use(session({ secret: "of this lane", resave: false, saveUninitialized: false }));
app.get("/sign-in", passport.authenticate("oauth2", { session: false }));
app.get(path, passport.authenticate("oauth2", { session: false }), (request, response) => response.json(request.user));

const toSignIn = await fetch(`http://127.0.0.1:${port}/sign-in`, { redirect: "manual" });
const callback = await callbackOf(toSignIn.headers.get("location"));
const signedIn = await fetch(callback, { headers: { Cookie: toSignIn.headers.get("set-cookie").split(";")[0] } });
const first = await signedIn.json();
server.close();
server.closeAllConnections();

async function post(call, fields) {
  const proof = { client_id: given.client_id, ...(given.client_secret && { client_secret: given.client_secret }) };
  const answer = await fetch(`${api}/${call}`, { method: "POST", body: new URLSearchParams({ ...fields, ...proof }) });
  return answer.json();
}
const profile = await fetch(`${given.base_url}/auth/v1/profile`, {
  headers: { Authorization: `Bearer ${first.accessToken}` },
});
const refreshed = await post("token", { grant_type: "refresh_token", refresh_token: first.refreshToken });
const afterRefresh = await profileStatus(refreshed.access_token);
await post("revoke", { token: refreshed.refresh_token ?? first.refreshToken });
await finish({
  scope: first.scope,
  profile: await profile.json(),
  after_refresh: afterRefresh,
  after_revoke: await profileStatus(refreshed.access_token),
});

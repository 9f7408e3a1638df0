// The Model Context Protocol's own client: from a 401 to the answer, knowing nothing but the address it calls.
import { auth } from "@modelcontextprotocol/sdk/client/auth.js";
import { withOAuth } from "@modelcontextprotocol/sdk/client/middleware.js";
import { callbackOf, finish, given, profileStatus } from "./lane.mjs";

const kept = { asked: [], registrations: 0 };
const provider = {
  redirectUrl: given.redirect_uri,
  clientMetadataUrl: given.document,
  clientMetadata: {
    client_name: "Lane of an agent",
    redirect_uris: [given.redirect_uri],
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    token_endpoint_auth_method: given.method,
  },
  state: () => "the-state-of-the-sdk",
  clientInformation: () => kept.client,
  saveClientInformation(client) {
    if (!kept.client) kept.registrations += 1;
    kept.client = client;
  },
  tokens: () => kept.tokens,
  saveTokens: (tokens) => { kept.tokens = tokens; },
  redirectToAuthorization: (url) => kept.asked.push(url),
  saveCodeVerifier: (verifier) => { kept.verifier = verifier; },
  codeVerifier: () => kept.verifier,
};
const profile = `${given.base_url}/auth/v1/profile`;
const call = withOAuth(provider, profile)(fetch);

await call(profile).then(
  () => { throw new Error("the first call needs a person"); },
  (fault) => { if (!kept.asked.length) throw fault; },
);
const callback = await callbackOf(kept.asked[0]);
if (callback.searchParams.get("state") !== "the-state-of-the-sdk") throw new Error("another state came back");
await auth(provider, { serverUrl: profile, authorizationCode: callback.searchParams.get("code") });
const first = kept.tokens;
const answer = await call(profile);

kept.tokens = { ...first, access_token: "expired" };
await call(profile);
await finish({
  client_id: kept.client.client_id,
  has_secret: Boolean(kept.client.client_secret),
  registrations: kept.registrations,
  resource: new URL(kept.asked[0]).searchParams.get("resource"),
  scope: first.scope,
  profile: await answer.json(),
  rotated: kept.tokens.refresh_token !== first.refresh_token,
  after_refresh: await profileStatus(kept.tokens.access_token),
});

// What the lanes' scripts share: the server's values come as JSON in the first argument; the
// authorization URL goes out as a line, the callback URL that a person reached comes back as one.
import { createInterface } from "node:readline/promises";

export const given = JSON.parse(process.argv[2]);
export const scope = "user:read organizations:read";

export async function callbackOf(authorizationUrl) {
  console.log(JSON.stringify({ authorize: String(authorizationUrl) }));
  const lines = createInterface({ input: process.stdin });
  const callback = await lines.question("");
  lines.close();
  return new URL(callback);
}

export async function profileStatus(accessToken) {
  const answer = await fetch(`${given.base_url}/auth/v1/profile`, {
    headers: { Authorization: `Bearer ${accessToken}`, "Content-Type": "application/json" },
  });
  return answer.status;
}

export async function finish(result) {
  console.log(JSON.stringify({ result }));
}

// The types that openapi-typescript makes of the document, used with openapi-fetch as they say.
// Compiled and run by tests/lanes/test_generated_clients.py, with api.d.ts beside it.
import createClient from "openapi-fetch";
import type { paths } from "./api.js";

declare const process: { env: Record<string, string> };
const { GATEHOUSE, MACHINE_TOKEN, PARTNER_ID, PARTNER_SECRET, TOKEN } = process.env;
const as = (headers: Record<string, string>) => createClient<paths>({ baseUrl: GATEHOUSE, headers });
const partner = as({ "X-Partnership-Secret": PARTNER_SECRET });

const made = await partner.POST("/partnership/v1/{partner_id}/sync-embedded-project", {
  params: { path: { partner_id: PARTNER_ID } },
  body: { project_name: "Typed in TypeScript", region: "us-east" },
});
if (made.error) throw new Error(made.error.code);
const project = { partner_id: PARTNER_ID, project_id: made.data.project.id };

const pause = "/partnership/v1/{partner_id}/{project_id}/pause";
const paused = await partner.POST(pause, { params: { path: project }, body: { wait_for_completion: true } });
const refused = await partner.POST(pause, { params: { path: { ...project, project_id: crypto.randomUUID() } } });

const counted = await as({ Authorization: `Bearer ${MACHINE_TOKEN}` }).POST("/usage/v1/events", {
  headers: { "Content-Type": "application/cloudevents+json" },
  body: {
    specversion: "1.0",
    id: crypto.randomUUID(),
    source: "/typed/typescript",
    type: "usage.recorded",
    subject: project.project_id,
    time: new Date().toISOString(),
    data: { mcp_calls: 2 },
  },
});
const person = await as({ Authorization: `Bearer ${TOKEN}` }).GET("/auth/v1/profile");

console.log(JSON.stringify({
  status: paused.data?.project.status,
  refused: refused.error?.code,
  accepted: counted.data?.accepted,
  email: person.data?.user.email,
}));

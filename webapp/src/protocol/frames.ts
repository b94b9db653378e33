/**
 * The edge of the socket: text in, typed frames out.
 *
 * Nothing past this module sees a frame that the generated schemas have not accepted.
 */
import { type ServerFrame, serverFrameSchema } from "./generated";

/** A frame of a type this build does not know is skipped, so that the server may learn new ones first. */
export function parseServerFrame(data: unknown): ServerFrame | null {
  if (typeof data !== "string") return null;
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return null;
  }
  const parsed = serverFrameSchema.safeParse(json);
  return parsed.success ? parsed.data : null;
}

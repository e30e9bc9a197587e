// Many requests at one moment: all is sent but the last byte, then the last bytes, one after the other.
import { Wire } from "../../scenario/support/http.mjs";
import { sleep } from "../../scenario/support/test.mjs";

// requests: buffers or strings. Gives the replies in their order; null for a connection that ended without one.
export async function send_together(port, requests) {
  const waiting = requests.map((request) => {
    const bytes = Buffer.from(request);
    const wire = new Wire(port);
    wire.socket.setNoDelay(true);
    wire.send(bytes.subarray(0, -1));
    return { wire, last: bytes.subarray(-1) };
  });
  await Promise.all(waiting.map(({ wire }) => new Promise((resolve) => wire.socket.once("connect", resolve))));
  await sleep(150); // all heads are read by now
  for (const { wire, last } of waiting) wire.send(last);
  const replies = await Promise.all(waiting.map(({ wire }) => wire.reply("POST")));
  for (const { wire } of waiting) wire.destroy();
  return replies;
}

// Runs jobs, some at a time, and gives their results in order.
export async function in_groups(count, size, job) {
  const results = [];
  for (let at = 0; at < count; at += size) {
    results.push(...(await Promise.all(Array.from({ length: Math.min(size, count - at) }, (_, i) => job(at + i)))));
  }
  return results;
}

// merx.sock with bytes in and bytes out; see core/server/frame.h.
import { connect } from "node:net";
import { join } from "node:path";

function frame(words) {
  const parts = words.flatMap((word) => {
    const bytes = Buffer.from(word);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  });
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
}

function words_of(bytes) {
  if (bytes.length < 4 || bytes.length < 4 + bytes.readUInt32LE(0)) return null;
  const words = [];
  for (let at = 4; at < 4 + bytes.readUInt32LE(0); at += 4 + bytes.readUInt32LE(at)) {
    words.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32LE(at)));
  }
  return words;
}

// Sends words to the server of a data folder and gives the words of its answer, as buffers.
export function ask(data, ...words) {
  return new Promise((resolve, reject) => {
    const socket = connect(join(data, "merx.sock"));
    let bytes = Buffer.alloc(0);
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("merx.sock was closed without an answer")));
    socket.on("data", (more) => {
      bytes = Buffer.concat([bytes, more]);
      const answer = words_of(bytes);
      if (answer) {
        resolve(answer);
        socket.destroy();
      }
    });
    socket.write(frame(words));
  });
}

// The switch of failing/faulty.c: which call fails, when, and how. Kinds and errno as there.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { tools } from "./shop.mjs";

export const KIND = {
  memory: 1, file_read: 2, file_write: 3, file_sync: 4, file_open: 5, file_cut: 6, socket_read: 7, socket_write: 8, accept: 9, wait: 10, map: 11,
};
export const SHORT = "short";
export const FOR_GOOD = 0x7fffffff;

const SIZE = 24;

export class Switch {
  constructor(path) {
    this.path = path;
    this.fd = openSync(path, "w+");
    writeSync(this.fd, Buffer.alloc(SIZE), 0, SIZE, 0);
  }

  env(data) {
    return { LD_PRELOAD: join(tools, "faulty.so"), FAULTY_SWITCH: this.path, FAULTY_FOLDER: data };
  }

  // What fails: call number `first` of its kind from now on, and `times` in all.
  arm({ kind, how, first, times = 1 }) {
    this.disarm();
    const rest = Buffer.alloc(SIZE - 4);
    rest.writeInt32LE(how === SHORT ? 0 : constants.errno[how], 0);
    rest.writeUInt32LE(first, 4);
    rest.writeUInt32LE(times, 8);
    writeSync(this.fd, rest, 0, rest.length, 4);
    this.#set_kind(KIND[kind]);
  }

  #set_kind(number) {
    const kind = Buffer.alloc(4);
    kind.writeInt32LE(number);
    writeSync(this.fd, kind, 0, 4, 0);
  }

  // Nothing fails any more. Tells how many calls were seen and how many failed.
  disarm() {
    this.#set_kind(0);
    const counts = Buffer.alloc(8);
    readSync(this.fd, counts, 0, 8, 16);
    return { seen: counts.readUInt32LE(0), failed: counts.readUInt32LE(4) };
  }

  close() {
    closeSync(this.fd);
  }
}

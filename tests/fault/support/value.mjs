// Values as core/script/value.c encodes them, for commands over merx.sock: objects, arrays, strings, integers,
// booleans.
const NIL = 0, FALSE = 1, TRUE = 2, INTEGER = 3, FLOAT = 4, STRING = 5, NULL = 6, TABLE = 7, ARRAY = 8, HTML = 9, END = 10;

function varint(value) {
  const bytes = [];
  let left = BigInt(value);
  while (left >= 0x80n) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  bytes.push(Number(left));
  return Buffer.from(bytes);
}

function text(value) {
  const bytes = Buffer.from(value);
  return [Buffer.from([STRING]), varint(bytes.length), bytes];
}

function parts(value) {
  if (value === null || value === undefined) return [Buffer.from([NIL])];
  if (typeof value === "boolean") return [Buffer.from([value ? TRUE : FALSE])];
  if (typeof value === "string") return text(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) {
    const zigzag = value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
    return [Buffer.from([INTEGER]), varint(zigzag)];
  }
  if (Array.isArray(value)) return [Buffer.from([ARRAY]), varint(value.length), ...value.flatMap(parts), Buffer.from([END])];
  if (typeof value === "object") {
    const pairs = Object.entries(value).filter(([, one]) => one !== undefined);
    return [Buffer.from([TABLE]), varint(0), ...pairs.flatMap(([name, one]) => [...text(name), ...parts(one)]), Buffer.from([END])];
  }
  throw new Error(`cannot encode ${value}`);
}

export const encode = (value) => Buffer.concat(parts(value));

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  varint() {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.bytes[this.at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  text() {
    const length = Number(this.varint());
    this.at += length;
    return this.bytes.toString("utf8", this.at - length, this.at);
  }

  table(is_array) {
    const list = Array.from({ length: Number(this.varint()) }, () => this.value());
    const pairs = {};
    while (this.bytes[this.at] !== END) {
      const key = this.value();
      pairs[key] = this.value();
    }
    this.at++;
    return is_array || (list.length > 0 && Object.keys(pairs).length === 0) ? list : Object.assign(pairs, list);
  }

  value() {
    const tag = this.bytes[this.at++];
    switch (tag) {
      case NIL:
      case NULL:
        return null;
      case FALSE:
      case TRUE:
        return tag === TRUE;
      case INTEGER: {
        const bits = this.varint();
        return Number((bits >> 1n) ^ -(bits & 1n));
      }
      case FLOAT:
        this.at += 8;
        return this.bytes.readDoubleLE(this.at - 8);
      case STRING:
      case HTML:
        return this.text();
      case TABLE:
      case ARRAY:
        return this.table(tag === ARRAY);
      default:
        throw new Error(`byte ${this.at - 1} is no tag: ${tag}`);
    }
  }
}

export const decode = (bytes) => new Reader(bytes).value();

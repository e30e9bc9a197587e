// A shopper without a browser: raw HTTP, cookies, forms and redirects, as a page without JavaScript would have
// them. Everything it sends it has found on a page before; that is the point.
//
//   const shopper = new Shopper(port);
//   const order = await shopper.buy("harbour-mug", 2);     // { token, number, pieces, total, page }
import { Wire } from "../scenario/support/http.mjs";

export const GUEST = {
  email: "ines@example.com",
  fields: {
    country: "DE", name: "Ines Marques", given_name: "Ines", family_name: "Marques", line1: "Hafenstrasse 12", city: "Hamburg",
    postal_code: "20095", phone: "+49 40 1234567", province: "",
  },
};

// What a page answered instead of what the shopper wanted.
export class Refused extends Error {
  constructor(what, reply) {
    super(`${what}: ${reply.status} ${reply.path}: ${words(reply.text).slice(0, 300)}`);
    Object.defineProperty(this, "reply", { value: reply }); // too long to be printed
    this.status = reply.status;
  }
}

// The connection ended before an answer came: nobody knows what became of the request.
export class Lost extends Error {}

// --- reading pages ------------------------------------------------------------------------------

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

export function unescape(text) {
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex, decimal, name) => {
    if (name) return ENTITIES[name] ?? all;
    return String.fromCodePoint(hex ? parseInt(hex, 16) : Number(decimal));
  });
}

// The words of a page's main part, without what is hidden in tags.
export function words(html) {
  const main = /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? html;
  const seen = main.replace(/<(script|style)[\s\S]*?<\/\1>/g, " ").replace(/<[^>]*>/g, " ");
  return unescape(seen).replace(/\s+/g, " ").trim();
}

function attributes(tag) {
  const found = {};
  for (const [, name, , , quoted, single, bare] of tag.matchAll(/([\w:-]+)(=("([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g)) {
    found[name.toLowerCase()] ??= unescape(quoted ?? single ?? bare ?? "");
  }
  return found;
}

// What a browser would send for the controls of a form, the first choice where none is made.
function read_fields(html) {
  const fields = [];
  const radios = new Map();
  for (const match of html.matchAll(/<(input|select|textarea)\b([^>]*)>/g)) {
    const [, tag, rest] = match;
    const about = attributes(rest);
    if (!about.name || "disabled" in about) continue;
    if (tag === "select") {
      const inside = html.slice(match.index, html.indexOf("</select>", match.index));
      const options = [...inside.matchAll(/<option\b([^>]*)>/g)].map(([, option]) => attributes(option));
      const chosen = options.find((option) => "selected" in option) ?? options[0];
      if (chosen) fields.push([about.name, chosen.value ?? ""]);
    } else if (about.type === "radio") {
      if (!radios.has(about.name)) {
        radios.set(about.name, fields.length);
        fields.push([about.name, about.value ?? "on"]);
      } else if ("checked" in about) fields[radios.get(about.name)][1] = about.value ?? "on";
    } else if (about.type === "checkbox") {
      if ("checked" in about) fields.push([about.name, about.value ?? "on"]);
    } else if (tag === "textarea") {
      fields.push([about.name, unescape(html.slice(match.index + match[0].length, html.indexOf("</textarea>", match.index)))]);
    } else if (!["submit", "button", "image", "reset", "file"].includes(about.type)) fields.push([about.name, about.value ?? ""]);
  }
  return fields;
}

// All forms of a page: { action, method, fields, html }.
export function forms(html) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, rest, inside]) => {
    const about = attributes(rest);
    return { action: about.action ?? "", method: (about.method ?? "get").toUpperCase(), fields: read_fields(inside), html: inside };
  });
}

export function find_form(reply, action, what = action) {
  const found = forms(reply.text).find((form) => (action instanceof RegExp ? action.test(form.action) : form.action === action));
  if (!found) throw new Refused(`the page has no form for ${what}`, reply);
  return found;
}

// "31,96 €" and "€31.96" are 3196: all money of the tests has two decimals.
export function amount(text) {
  const found = /(\d[\d.,\u00a0\u202f ]*)[.,](\d\d)(?!\d)/.exec(text);
  if (!found) throw new Error(`no amount in "${text}"`);
  return Number(found[1].replace(/\D/g, "") + found[2]);
}

// --- the shopper --------------------------------------------------------------------------------

export class Shopper {
  #wire;

  constructor(port, { host = "shop.test", headers = {} } = {}) {
    this.port = port;
    this.host = host;
    this.headers = headers;
    this.cookies = new Map();
  }

  close() {
    this.#wire?.destroy();
    this.#wire = undefined;
  }

  #connection() {
    if (!this.#wire || this.#wire.closed || this.#wire.ended) {
      this.#wire?.destroy();
      this.#wire = new Wire(this.port);
    }
    return this.#wire;
  }

  #keep_cookies(reply) {
    // Several Set-Cookie fields were joined; a comma stands in none of our values but in dates.
    for (const one of (reply.headers["set-cookie"] ?? "").split(/,\s*(?=[\w-]+=)/).filter(Boolean)) {
      const [pair, ...rest] = one.split(";");
      const name = pair.slice(0, pair.indexOf("=")).trim();
      if (rest.some((part) => /^\s*max-age=0\s*$/i.test(part))) this.cookies.delete(name);
      else this.cookies.set(name, pair.slice(pair.indexOf("=") + 1));
    }
  }

  // The bytes of a request, for those who want to send them themselves.
  bytes_of(method, path, body = "") {
    const fields = { Host: this.host, ...this.headers };
    if (this.cookies.size > 0) fields.Cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    if (method === "POST") {
      fields.Origin = `http://${this.host}`;
      fields["Content-Type"] = "application/x-www-form-urlencoded";
      fields["Content-Length"] = String(Buffer.byteLength(body));
    }
    const head = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return `${method} ${path} HTTP/1.1\r\n${head}\r\n${body}`;
  }

  async request(method, path, body = "") {
    const wire = this.#connection();
    wire.send(this.bytes_of(method, path, body));
    const reply = await wire.reply(method);
    if (!reply) throw new Lost(`no answer to ${method} ${path}: ${wire.error ?? "the connection was closed"}`);
    this.#keep_cookies(reply);
    return Object.assign(reply, { path });
  }

  // Follows redirects with GET, as browsers do after a form.
  async follow(reply) {
    for (let hops = 0; reply.status >= 301 && reply.status <= 308; hops++) {
      if (hops === 10) throw new Refused("too many redirects", reply);
      reply = await this.request("GET", new URL(reply.headers.location, `http://${this.host}`).href.replace(`http://${this.host}`, ""));
    }
    return reply;
  }

  async get(path) {
    return this.follow(await this.request("GET", path));
  }

  // A page that must be there.
  async visit(path) {
    const reply = await this.get(path);
    if (reply.status !== 200) throw new Refused(`visiting ${path}`, reply);
    return reply;
  }

  // Sends a form with some of its fields filled in. Fields it does not have are an error: nobody can fill them.
  async submit(form, filled = {}) {
    return this.follow(await this.request(form.method, form.action, this.body_of(form, filled)));
  }

  body_of(form, filled = {}) {
    const left = { ...filled };
    const pairs = form.fields.map(([name, value]) => {
      if (!(name in left)) return [name, value];
      const given = left[name];
      delete left[name];
      return [name, given];
    });
    if (Object.keys(left).length > 0) throw new Error(`the form ${form.action} has no field ${Object.keys(left).join(", ")}`);
    return new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
  }

  // --- steps of a purchase ---

  product(handle) {
    return this.visit(`/products/${handle}`);
  }

  async add(handle, quantity = 1) {
    const page = await this.product(handle);
    const form = find_form(page, /\/cart\/add$/, "buying");
    if (!form.fields.some(([name]) => name === "quantity")) throw new Refused(`${handle} cannot be bought`, page);
    const reply = await this.submit(form, { quantity });
    if (reply.status !== 200) throw new Refused(`adding ${quantity} ${handle}`, reply);
    return reply;
  }

  async cart() {
    const reply = await this.request("GET", "/cart.js");
    return JSON.parse(reply.text);
  }

  // From the cart to the last page: the one with the button that places the order.
  async checkout(guest = GUEST) {
    const address = await this.visit("/checkout");
    const form = find_form(address, /\/checkout\/address$/, "the address");
    const has = new Set(form.fields.map(([name]) => name));
    const filled = { email: guest.email };
    for (const [name, value] of Object.entries(guest.fields)) if (has.has(name) && name !== "country") filled[name] = value;
    let page = await this.submit(form, filled);
    if (/\/checkout\/delivery$/.test(page.path)) page = await this.submit(find_form(page, /\/checkout\/delivery$/, "the delivery"));
    if (!/\/checkout\/payment$/.test(page.path) || page.status !== 200) throw new Refused("checking out", page);
    return page;
  }

  // The form that places the order, and what it will cost as its button says.
  placing(page) {
    const form = find_form(page, /\/checkout\/payment$/, "placing the order");
    const button = /<button\b[^>]*type="submit"[^>]*>([\s\S]*?)<\/button>/.exec(form.html)?.[1] ?? "";
    return { form, total: amount(unescape(button)) };
  }

  // Whether a reply is the page of an order, and which.
  order_of(reply) {
    const token = /\/orders\/([\w-]+)$/.exec(reply.path)?.[1];
    return token && reply.status === 200 ? token : undefined;
  }

  async place(page) {
    const { form, total } = this.placing(page);
    const reply = await this.submit(form);
    const token = this.order_of(reply);
    if (!token) throw new Refused("placing the order", reply);
    return { token, total, page: reply };
  }

  // All of it, for one product.
  async buy(handle, quantity = 1, guest = GUEST) {
    await this.add(handle, quantity);
    const order = await this.place(await this.checkout(guest));
    return { ...order, pieces: quantity };
  }
}

// A shop with five products, and people of its back office who read pages and fill in forms as anybody does.
import { join } from "node:path";
import { find_form, Shopper, unescape, words } from "../../support/shopper.mjs";
import { merx, root, serve } from "./server.mjs";
import { eventually } from "./test.mjs";

export const PASSWORD = "seven quiet herons wade";

// A running shop that nobody owns yet: { server, data, merx }.
export async function open_shop(t, options = {}) {
  const data = join(await t.folder(), "data");
  const imported = await merx(["import", "products", join(root, "tests/fault/support/products.csv"), "--share", root, "--data", data]);
  if (imported.code !== 0) throw new Error(`the products were not imported:\n${imported.stderr}${imported.stdout}`);
  const server = await serve(t, { share: root, data, workers: 1, ...options });
  await eventually("the link of the owner is printed", () => links_in(server.log)[0]);
  return { server, data, staff: (...args) => merx(["staff", ...args, "--share", root, "--data", data]) };
}

// The links that a text holds, as paths.
export const links_in = (text) => [...text.matchAll(/https?:\/\/[^\s"/]+(\/admin\/link\/[\w-]{43})/g)].map(([, path]) => path);

// A person with a browser of their own.
export class Person extends Shopper {
  form(page, action) {
    return find_form(page, action);
  }

  // Opens a link, chooses a password, and is in.
  async accept(path, fields = {}) {
    const page = await this.visit(path);
    return this.submit(find_form(page, path), { name: "Ana Sousa", password: PASSWORD, ...fields });
  }

  async sign_in(email, password = PASSWORD) {
    const page = await this.get("/admin/sign-in");
    return this.submit(find_form(page, "/admin/sign-in"), { email, password });
  }
}

// The owner, signed in; the link comes from where the server printed it.
export async function owner_of(shop, email = "ana@example.com") {
  const person = new Person(shop.server.port);
  const page = await person.accept(links_in(shop.server.log).at(-1), { email });
  if (page.path !== "/admin" || page.status !== 200) throw new Error(`the owner did not come in: ${page.status} ${words(page.text)}`);
  return person;
}

// Somebody of a role, signed in by a link of the command line.
export async function person_of(shop, email, role = "staff") {
  const { stdout, stderr, code } = await shop.staff("add", email, `--role=${role}`);
  if (code !== 0) throw new Error(stderr);
  const person = new Person(shop.server.port);
  await person.accept(links_in(stdout)[0]);
  return person;
}

// What a row of a page's table says, by the words in its first cell.
export function row_of(page, first) {
  for (const [, row] of page.text.matchAll(/<tr\b[^>]*>([\s\S]*?)<\/tr>/g)) {
    const cells = [...row.matchAll(/<(?:td|th)\b[^>]*>([\s\S]*?)<\/(?:td|th)>/g)].map(([, cell]) => unescape(cell.replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim());
    if (cells[0]?.includes(first)) return cells;
  }
  throw new Error(`no row "${first}" in ${words(page.text).slice(0, 400)}`);
}

// Derived rows that were damaged: merx fsck names them, and mends them beside a server that goes on selling.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Shopper } from "../support/shopper.mjs";
import { merx, root } from "../scenario/support/server.mjs";
import { test } from "../scenario/support/test.mjs";
import { fsck, new_shop, say, start } from "./support/shop.mjs";

const HARM = `
  UPDATE listings SET price_amount = 1 WHERE product_id = (SELECT min(id) FROM products);
  DELETE FROM listing_cards WHERE product_id = (SELECT max(id) FROM products);
  UPDATE listing_counts SET total = total + 1;
  DELETE FROM search_documents WHERE id = 2;
`;

test("damaged lists, cards, counts and documents are named, and mended while shoppers buy", async (t) => {
  const data = await new_shop(t);
  try {
    execFileSync("sqlite3", [join(data, "shop.db"), HARM], { stdio: "pipe" });
  } catch (error) {
    t.skip(`this needs the program sqlite3 to do harm: ${String(error.stderr ?? error).trim().split("\n")[0]}`);
  }
  const found = await merx(["fsck", "--data", data, "--share", root]);
  if (found.code !== 1) throw new Error(`merx fsck: ${found.code}\n${found.stdout}${found.stderr}`);
  for (const wanted of [/listing .* differs in price_amount/, /card .* is missing/, /says 6 products, has 5/, /document in .* is missing/]) {
    if (!wanted.test(found.stdout)) throw new Error(`merx fsck does not say ${wanted}:\n${found.stdout}`);
  }
  const server = await start(t, data);
  const mended = await merx(["fsck", "--repair", "--data", data, "--share", root]);
  if (mended.code !== 0 || !/nothing is wrong/.test(mended.stdout)) throw new Error(`merx fsck --repair: ${mended.code}\n${mended.stdout}${mended.stderr}`);
  const shopper = new Shopper(server.port);
  await shopper.buy("mug", 1);
  shopper.close();
  await server.stop();
  await fsck(data);
  say(`${found.stdout.trim().split("\n").length - 1} findings; ${mended.stdout.trim().split("\n").at(-2)}`);
});

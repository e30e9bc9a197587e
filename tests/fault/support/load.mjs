// Shoppers who buy and buy. What was promised to them is collected, and what nobody knows: requests whose
// connection ended before the answer.
import { Lost, Refused, Shopper } from "../../support/shopper.mjs";

export class Load {
  // port: a number, or a function that gives it. on_order is called as soon as a shopper has an answer.
  constructor(port, { shoppers = 4, handles = ["mug", "bowl", "candle"], on_order = () => {}, draw = Math.random, pause = 0 } = {}) {
    Object.assign(this, { port, shoppers, handles, on_order, draw, pause });
    this.orders = [];
    this.unknown = []; // { shopper, form, pieces, total }: sent, not answered
    this.refused = [];
    this.lost = 0;
    this.is_over = false;
  }

  start() {
    this.done = Promise.all(Array.from({ length: this.shoppers }, () => this.#shop()));
    return this;
  }

  // Waits for so many orders. When none comes for a while it says why.
  async wait_for(count, { patience = 20_000 } = {}) {
    let seen = -1;
    let since = Date.now();
    while (this.orders.length < count) {
      if (this.orders.length !== seen) {
        seen = this.orders.length;
        since = Date.now();
      }
      if (Date.now() - since > patience) {
        this.is_over = true;
        throw new Error(`no order for ${patience} ms after ${seen}; ${this.lost} connections lost; refused: ${this.refused[0]?.message}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  // Nobody begins another purchase.
  stop_soon() {
    this.is_over = true;
  }

  // Lets everybody end what they are at.
  async stop() {
    this.stop_soon();
    await this.done;
    return this;
  }

  async #shop() {
    while (!this.is_over) {
      const shopper = new Shopper(typeof this.port === "function" ? this.port() : this.port);
      try {
        await this.#buy(shopper);
      } catch (error) {
        if (error instanceof Lost) this.lost++;
        else if (error instanceof Refused) this.refused.push(error);
        else throw error;
        await new Promise((resolve) => setTimeout(resolve, 5));
      } finally {
        shopper.close();
      }
      if (this.pause) await new Promise((resolve) => setTimeout(resolve, this.pause));
    }
  }

  async #buy(shopper) {
    const lines = 1 + Math.floor(this.draw() * 2);
    let pieces = 0;
    for (let i = 0; i < lines; i++) {
      const quantity = 1 + Math.floor(this.draw() * 3);
      await shopper.add(this.handles[Math.floor(this.draw() * this.handles.length)], quantity);
      pieces += quantity;
    }
    const { form, total } = shopper.placing(await shopper.checkout());
    try {
      this.keep(await place(shopper, form), pieces, total);
    } catch (error) {
      if (error instanceof Lost) this.unknown.push({ shopper, form, pieces, total });
      throw error;
    }
  }

  keep(token, pieces, total) {
    const order = { token, pieces, total };
    this.orders.push(order);
    this.on_order(order);
    return order;
  }

  // Those who had no answer send the same again, to a server at `port`: each gets the one order of their cart,
  // placed before or now.
  async ask_again(port) {
    const asked = this.unknown.splice(0);
    for (const { shopper, form, pieces, total } of asked) {
      shopper.port = port;
      this.keep(await place(shopper, form), pieces, total);
      shopper.close();
    }
    return asked.length;
  }
}

// The promise is the redirect to the order, before its page is seen.
async function place(shopper, form) {
  const reply = await shopper.request(form.method, form.action, shopper.body_of(form));
  const token = reply.status === 303 && /\/orders\/([\w-]+)$/.exec(reply.headers.location)?.[1];
  if (!token) throw new Refused("placing the order", reply);
  return token;
}

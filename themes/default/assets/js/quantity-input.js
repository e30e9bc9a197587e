// Adds − and + to a quantity field. Without this script it is a plain number field.
class QuantityInput extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    if (!input || this.dataset.ready !== undefined) return;
    this.dataset.ready = "";
    input.before(this.step(input, -1, "−"));
    input.after(this.step(input, 1, "+"));
  }

  step(input, by, sign) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quantity__step";
    button.textContent = sign;
    button.tabIndex = -1; // the field itself answers the arrow keys
    button.setAttribute("aria-hidden", "true");
    button.addEventListener("click", () => {
      if (by > 0) input.stepUp();
      else input.stepDown();
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
    return button;
  }
}
customElements.define("quantity-input", QuantityInput);

// What a page of ours must be as a document.
import { HtmlValidate } from "html-validate";

const validator = new HtmlValidate({
  extends: ["html-validate:recommended"],
  elements: ["html5", { "quantity-input": { flow: true, phrasing: true, permittedContent: ["@phrasing"] } }],
  rules: {
    "no-trailing-whitespace": "off", // nobody reads it
    "long-title": "off",
    "doctype-style": "off",
    "void-style": "off",
    "prefer-native-element": ["error", { exclude: ["status", "group", "search"] }], // <output> and <fieldset> mean something else, <search> is young
    "form-dup-name": ["error", { allowArrayBrackets: true, shared: ["radio", "button", "submit", "checkbox"] }],
    "aria-label-misuse": ["error", { allowAnyNamable: true }], // a list may have a name
  },
});

// What is wrong with a document, in words.
export async function documentFaults(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap(({ messages }) => messages.map(({ ruleId, message, line, selector }) => `${line}: ${ruleId}: ${message} (${selector})`));
}

// Runs in the page: what the content security policy would refuse, and links that lead nowhere.
export const inline = () => [
  ...document.querySelectorAll('style, script:not([src]), [style], a[href="#"], a[href^="javascript:"], a:not([href])'),
  ...[...document.querySelectorAll("*")].filter((element) => [...element.attributes].some(({ name }) => name.startsWith("on"))),
].map((element) => element.outerHTML.slice(0, 100));

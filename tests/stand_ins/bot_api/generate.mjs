// Makes schema.json from the declarations of npm @gramio/types (MIT), which are generated from Telegram's own
// documentation of the Bot API: for each method that the stand-in serves the JSON Schema of its parameters, with the
// limits that the documentation states in words, and the schemas of updates and answers.
//
//   npm pack @gramio/types@10.3.1 && tar xzf gramio-types-10.3.1.tgz
//   node tests/peers/bot_api/generate.mjs package > tests/peers/bot_api/schema.json
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const ts = createRequire(resolve("webapp/package.json"))("typescript");
const folder = resolve(process.argv[2]);

const METHODS = `getMe getUpdates setWebhook deleteWebhook getWebhookInfo sendMessage sendChatAction editMessageText
  editMessageReplyMarkup deleteMessage answerCallbackQuery answerPreCheckoutQuery answerInlineQuery createInvoiceLink
  sendInvoice refundStarPayment getStarTransactions getMyStarBalance giftPremiumSubscription setMyCommands
  deleteMyCommands getMyCommands setMyDescription setMyShortDescription setChatMenuButton getChatMenuButton getChat
  savePreparedInlineMessage sendPhoto`.split(/\s+/);

// What the stand-in itself makes of the large objects; anything else in them would be its own mistake.
const ONLY = {
  TelegramUpdate: `update_id message edited_message callback_query pre_checkout_query my_chat_member inline_query`,
  TelegramMessage: `message_id from date chat via_bot edit_date reply_to_message text entities link_preview_options photo caption
    contact invoice successful_payment refunded_payment web_app_data reply_markup`,
  TelegramChatFullInfo: `id type username first_name last_name accent_color_id max_reaction_count accepted_gift_types`,
  TelegramTransactionPartnerUser: `type transaction_type user invoice_payload premium_subscription_duration`,
};
const FLOATS = new Set(["latitude", "longitude", "horizontal_accuracy", "point"]);
const UNUSED = new Set(["rich_message", "toJSON"]);

const files = ["methods", "params", "objects"].map((name) => join(folder, "out", `${name}.d.ts`));
const lib = ["lib.es2022.d.ts", "lib.dom.d.ts"];
const program = ts.createProgram(files, { strict: true, target: ts.ScriptTarget.ES2022, lib });
const checker = program.getTypeChecker();
const definitions = {};
const has = (type, name) => checker.getPropertiesOfType(type).some((property) => property.name === name); // its own

function declared(file, name) {
  const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  return checker.getDeclaredTypeOfSymbol(exports.find((symbol) => symbol.name === name));
}

// "1-32 characters", "1-128 bytes", "Values between 1-100"
function withLimits(schema, words) {
  const length = /(\d+)\s*-\s*(\d+) (characters|bytes)/.exec(words);
  if (length && schema.type === "string") {
    schema.minLength = Number(length[1]);
    schema[length[3] === "bytes" ? "maxBytes" : "maxLength"] = Number(length[2]);
  }
  const range = /between (\d+)\s*(?:-|and)\s*(\d+)/.exec(words);
  if (range && schema.type === "integer") {
    schema.minimum = Number(range[1]);
    schema.maximum = Number(range[2]);
  }
  return schema;
}

function objectSchema(type, name) {
  const schema = { type: "object", properties: {}, required: [], additionalProperties: false };
  const only = ONLY[name]?.split(/\s+/);
  for (const property of checker.getPropertiesOfType(type)) {
    if (UNUSED.has(property.name) || (only && !only.includes(property.name))) continue;
    const optional = (property.flags & ts.SymbolFlags.Optional) !== 0;
    const declaredType = checker.getTypeOfSymbol(property);
    const inner = schemaOf(optional ? checker.getNonNullableType(declaredType) : declaredType);
    if (inner.type === "integer" && FLOATS.has(property.name)) inner.type = "number";
    const words = ts.displayPartsToString(property.getDocumentationComment(checker));
    schema.properties[property.name] = withLimits(inner, words);
    if (!optional) schema.required.push(property.name);
  }
  if (schema.required.length === 0) delete schema.required;
  return schema;
}

function unionSchema(types) {
  const parts = types
    .filter((part) => !(part.flags & ts.TypeFlags.Undefined) && !has(part, "toJSON"))
    .map(schemaOf);
  const unique = [...new Map(parts.map((part) => [JSON.stringify(part), part])).values()];
  if (unique.length === 1) return unique[0];
  if (unique.every((part) => typeof part.const === "boolean")) return { type: "boolean" };
  if (unique.every((part) => "const" in part)) return { enum: unique.map((part) => part.const) };
  if (unique.every((part) => typeof part.type === "string" && Object.keys(part).length === 1))
    return { type: unique.map((part) => part.type) };
  return { anyOf: unique };
}

function schemaOf(type) {
  if (type.flags & ts.TypeFlags.String) return { type: "string" };
  if (type.flags & ts.TypeFlags.Number) return { type: "integer" };
  if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: checker.typeToString(type) === "true" };
  if (type.isLiteral()) return { const: type.value };
  if (type.isUnion()) return unionSchema(type.types);
  if (checker.isArrayType(type)) return { type: "array", items: schemaOf(checker.getTypeArguments(type)[0]) };
  const name = type.symbol?.name ?? "";
  if (name === "Blob") return { type: "string" }; // a file's id, its address, or attach://name
  if (has(type, "toString")) return { type: "string" };
  if (!name.startsWith("Telegram")) return objectSchema(type, name);
  if (!(name in definitions)) {
    definitions[name] = {}; // before its properties, which may lead back to it
    definitions[name] = objectSchema(type, name);
  }
  return { $ref: `#/$defs/${name}` };
}

const methods = {};
const results = {};
const api = declared(files[0], "APIMethods");
for (const name of METHODS) {
  const call = checker.getTypeOfSymbol(api.getProperty(name)).getCallSignatures()[0];
  const parameters = call.getParameters()[0];
  methods[name] = parameters
    ? objectSchema(checker.getNonNullableType(checker.getTypeOfSymbol(parameters)), name)
    : { type: "object", properties: {}, additionalProperties: false };
  delete methods[name].properties.suppress; // the library's own
  results[name] = schemaOf(checker.getPromisedTypeOfPromise(call.getReturnType()) ?? call.getReturnType());
}
schemaOf(declared(files[2], "TelegramUpdate"));
const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
const lines = (entries) =>
  Object.keys(entries)
    .sort()
    .map((key) => `  ${JSON.stringify(key)}: ${JSON.stringify(entries[key])}`)
    .join(",\n");
process.stdout.write(`{
"origin": ${JSON.stringify(`npm ${name} ${version}, licence ${license}, Copyright (c) 2024 Kravets`)},
"methods": {\n${lines(methods)}\n},
"results": {\n${lines(results)}\n},
"$defs": {\n${lines(definitions)}\n}
}\n`);

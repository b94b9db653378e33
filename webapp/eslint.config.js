import eslint from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  {
    ignores: [
      "dist",
      "private",
      "node_modules",
      "src/protocol/generated.ts",
      "eslint.config.js",
      ".dependency-cruiser.mjs",
    ],
  },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  hooks.configs.flat["recommended-latest"],
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      "no-restricted-globals": [
        "error",
        { name: "Telegram", message: "Only src/telegram knows Telegram." },
      ],
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["**/telegram/bridge"], message: "Only src/telegram knows Telegram." },
          ],
        },
      ],
      "no-console": "error",
    },
  },
  {
    files: ["src/**/*.tsx"],
    rules: {
      "no-restricted-syntax": [
        "error",
        {
          selector: "JSXOpeningElement[name.name=/^[a-z]/] > JSXAttribute[name.name='disabled']",
          message:
            "It would take the keyboard's focus from whoever stands on it: aria-disabled, or readOnly.",
        },
      ],
    },
  },
  { files: ["src/telegram/**"], rules: { "no-restricted-imports": "off" } },
  { files: ["scripts/**"], rules: { "no-console": "off" } },
  {
    // What is pure must stay testable without a page.
    files: ["src/taps/*.ts", "src/room/reducer.ts", "src/connection/machine.ts"],
    rules: {
      "no-restricted-globals": ["error", "window", "document", "performance", "setTimeout", "Date"],
    },
  },
);

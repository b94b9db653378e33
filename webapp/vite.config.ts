import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const apiOrigin = process.env.VITE_API_ORIGIN ?? "";
if (apiOrigin && !/^https?:\/\/[a-z0-9.-]+(:\d+)?$/.test(apiOrigin)) {
  throw new Error(`VITE_API_ORIGIN is ${apiOrigin}: it must be like https://api.example`);
}
const gateway = process.env.GATEWAY_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Every asset gets a file with a hash in its name, so that each can be cached for long.
    assetsInlineLimit: 0,
    // For us alone: `scripts/finish-build.ts` takes both out of what is published.
    sourcemap: "hidden",
    manifest: "manifest.json",
  },
  server: {
    proxy: {
      "/api": { target: gateway, ws: true },
      "/dev": gateway,
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});

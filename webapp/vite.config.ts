import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const gateway = process.env.GATEWAY_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Every asset gets a file with a hash in its name, so that each can be cached for long.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      "/api": { target: gateway, ws: true },
      "/dev": gateway,
    },
  },
  test: { environment: "node", include: ["src/**/*.test.ts"] },
});

import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const gateway = "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: { target: "es2022", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
  // `npm run dev` shows changes at once; the API and the settings are those of a running `make up`.
  server: { proxy: { "/v1": gateway, "/config.json": gateway } },
});

/*
 * A TON wallet inside the page, as an extension or a wallet's own browser puts it there: TON Connect's JS bridge.
 *
 * Owns the bridge's shape (https://github.com/ton-blockchain/ton-connect, "JS bridge"); what the wallet's owner answers
 * and what it signs is asked of the test.
 */
(settings) => {
  if (window !== window.top) return;
  const KEPT = "test-wallet-connected";
  const listeners = new Set();
  let number = 0;
  const connected = (payload) => ({ event: "connect", id: (number += 1), payload: { ...payload, device } });
  const device = {
    platform: "browser",
    appName: settings.appName,
    appVersion: "1.0",
    maxProtocolVersion: 2,
    features: ["SendTransaction", { name: "SendTransaction", maxMessages: 4 }],
  };
  const refused = (code, message) => ({ event: "connect_error", id: (number += 1), payload: { code, message } });

  window[settings.key] = {
    tonconnect: {
      deviceInfo: device,
      protocolVersion: 2,
      isWalletBrowser: false,
      connect: async (version, request) => {
        const answer = await window.walletIsAsked("connect", request);
        if (answer === null) return refused(300, "User declined the connection");
        localStorage.setItem(KEPT, "yes");
        return connected(answer);
      },
      restoreConnection: async () => {
        if (localStorage.getItem(KEPT) === null) return refused(100, "Unknown app");
        return connected(await window.walletIsAsked("restore", null));
      },
      send: async ({ method, params, id }) => {
        if (method === "disconnect") {
          localStorage.removeItem(KEPT);
          return { id, result: {} };
        }
        const result = await window.walletIsAsked(method, JSON.parse(params[0]));
        if (result === "undecided") return new Promise(() => undefined);
        return result === null ? { id, error: { code: 300, message: "User declined the transaction" } } : { id, result };
      },
      listen: (callback) => {
        listeners.add(callback);
        return () => listeners.delete(callback);
      },
    },
  };
}

/** Where the server is: the page's own origin, or the one that the build was told in VITE_API_ORIGIN. */
const ORIGIN: string = import.meta.env.VITE_API_ORIGIN ?? "";

export function apiUrl(path: string): string {
  return ORIGIN + path;
}

export function socketUrl(path: string): string {
  const url = new URL(apiUrl(path), window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

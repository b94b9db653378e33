interface ImportMetaEnv {
  /** Like `https://api.example`, where the page is served from another host than the API. */
  readonly VITE_API_ORIGIN?: string;
}

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { createServices } from "./app/create-services";
import { ServicesContext } from "./services/context";
import { whenIdle } from "./services/when-idle";
import "./styles/base.css";

function start(root: HTMLElement): void {
  const services = createServices(document.documentElement);
  services.telegram.ready();
  void services.session.start();
  createRoot(root).render(
    <StrictMode>
      <ServicesContext value={services}>
        <App />
      </ServicesContext>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
// In a task of its own: together with the script's own it would hold a slow phone up for too long at once.
if (root) setTimeout(start, 0, root);
whenIdle(() => {
  import("./app/keep-focus").then(
    ({ keepFocus }) => {
      keepFocus(document);
    },
    // The network is away: the page is as it was without it.
    () => undefined,
  );
});

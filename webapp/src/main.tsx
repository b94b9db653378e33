import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { ServicesContext } from "./app/context";
import { createServices } from "./app/services";
import "./styles/base.css";

const root = document.getElementById("root");
if (root) {
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

/** What payments show over every screen; loaded where there is a way to pay. */
export { PaymentSheets } from "./PaymentSheets";
export { PendingCard } from "./PendingCard";

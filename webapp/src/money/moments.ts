/** Moments as people read them, in the zone of this device. */
export function formatMoment(ms: number, language: string): string {
  const moment = new Date(ms);
  const isThisYear = moment.getFullYear() === new Date().getFullYear();
  return moment.toLocaleString(language, {
    day: "numeric",
    month: "short",
    ...(isThisYear ? {} : { year: "numeric" }),
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** What a person in the visit is called inside a sentence: "Dr Marlow", "Rosalind". The plate on the picture has the whole name. */

/**
 * @param {import("./types.js").SeatView} seat
 * @param {import("./types.js").VisitView|null} visit
 */
export function shortName(seat, visit) {
  if (seat.role === "practitioner" && visit) return visit.practitioner.short_name;
  if (seat.role === "patient" && visit && !visit.group) return visit.patient.given_name;
  return seat.label;
}

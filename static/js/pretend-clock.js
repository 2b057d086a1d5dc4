/** A clock for drawn devices, as a worker: the timers of a page in a hidden tab stand still, these do not. */

setInterval(() => postMessage(null), 20);

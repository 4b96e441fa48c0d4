/** Unit conversions; no other file holds these factors. */

export const SECONDS_PER_HOUR = 3600;
const HOURS_PER_DAY = 24;
export const MILLISECONDS_PER_SECOND = 1000;
/** Bytes of one GiB. */
export const BYTES_PER_GIB = 2 ** 30;

/** USD per hour to USD per second. */
export const perHourToPerSecond = (perHour: number): number => perHour / SECONDS_PER_HOUR;
/** USD per second to USD per hour. */
export const perSecondToPerHour = (perSecond: number): number => perSecond * SECONDS_PER_HOUR;
/** Seconds to hours. */
export const secondsToHours = (seconds: number): number => seconds / SECONDS_PER_HOUR;
/** Days of 24 hours to seconds. */
export const daysToSeconds = (days: number): number => days * HOURS_PER_DAY * SECONDS_PER_HOUR;
/** Milliseconds to seconds. */
export const millisecondsToSeconds = (milliseconds: number): number => milliseconds / MILLISECONDS_PER_SECOND;
/** Seconds to milliseconds. */
export const secondsToMilliseconds = (seconds: number): number => seconds * MILLISECONDS_PER_SECOND;
/** Bytes to GiB. */
export const bytesToGib = (bytes: number): number => bytes / BYTES_PER_GIB;

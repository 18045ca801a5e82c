// What the kernel says of a process and of a disk, out of the texts of /proc and /sys.

import { readFileSync, statSync } from 'node:fs';

/** A tick of the clock is 10 ms on Linux. */
const msATick = 10;
/** The kernel counts sectors of this size, whatever the device's are. */
const bytesASector = 512;

/** User and system time in /proc/PID/stat, of all threads that the process has and had; a command's name may hold anything. */
export function cpuMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (numberIn(fields[11]) + numberIn(fields[12])) * msATick;
}

/** The same with that of the processes that it has started and that have ended. */
export function familyCpuMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return cpuMsIn(stat) + (numberIn(fields[13]) + numberIn(fields[14])) * msATick;
}

/** What all CPUs of the machine have had to do, idle and waiting left out, and all their time, in /proc/stat. */
export function machineCpuMsIn(stat: string): { readonly busyMs: number; readonly allMs: number } {
  const [user, nice, system, idle, waiting, ...interrupts] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .slice(0, 8)
    .map((word) => numberIn(word) * msATick);
  const busyMs = [user, nice, system, ...interrupts].reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return { busyMs, allMs: busyMs + (idle ?? 0) + (waiting ?? 0) };
}

/** Bytes that a process has had written to disk, in /proc/PID/io. */
export function writtenBytesIn(io: string): number {
  return numberIn(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
}

/** Memory without mapped file pages, in /proc/PID/status. */
export function ownBytesIn(status: string): number {
  const kilobytes = (name: string): number => numberIn(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return (kilobytes('VmRSS') - kilobytes('RssFile')) * 1024;
}

/** Bytes that a disk has written, in /sys/dev/block/MAJOR:MINOR/stat. */
export function diskBytesIn(stat: string): number {
  return numberIn(stat.trim().split(/\s+/)[6]) * bytesASector;
}

/** Processes in /proc/PID/task/PID/children. */
export function childrenIn(children: string): number[] {
  return children
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Major and minor number of a device, as Linux packs them for stat. */
export function deviceNumbers(dev: number): { readonly major: number; readonly minor: number } {
  return { major: (dev >>> 8) & 0xfff, minor: (dev & 0xff) | ((dev >>> 12) & 0xfff00) };
}

/** Of this process and those that it has started and that have ended, and of the machine. */
export function cpuOfAll(): { readonly familyMs: number; readonly busyMs: number; readonly allMs: number } {
  return {
    familyMs: familyCpuMsIn(readFileSync('/proc/self/stat', 'latin1')),
    ...machineCpuMsIn(readFileSync('/proc/stat', 'latin1')),
  };
}

export function cpuMs(pid: number): number {
  return cpuMsIn(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** Of the main thread alone. */
export function mainCpuMs(pid: number): number {
  return cpuMsIn(readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1'));
}

export function writtenBytes(pid: number): number {
  return writtenBytesIn(readFileSync(`/proc/${pid}/io`, 'latin1'));
}

export function ownBytes(pid: number): number {
  return ownBytesIn(readFileSync(`/proc/${pid}/status`, 'latin1'));
}

export function childrenOf(pid: number): number[] {
  return childrenIn(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
}

/** What the disk below a directory has written so far; undefined where no block device lies below it, as in memory. */
export function diskBytes(directory: string): number | undefined {
  const { major, minor } = deviceNumbers(statSync(directory).dev);
  try {
    return diskBytesIn(readFileSync(`/sys/dev/block/${major}:${minor}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

function numberIn(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text))
    throw new Error(`expected a number of the kernel's, found ${text ?? 'nothing'}`);
  return Number(text);
}

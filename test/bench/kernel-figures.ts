// The kernel's figures of processes and disks, from /proc and /sys.

import { readFileSync, statSync } from 'node:fs';

/** Linux counts CPU time in ticks of 10 ms. */
const msATick = 10;
/** The kernel's unit, whatever the device's sectors are. */
const bytesASector = 512;

/** Parses user and system time of all threads in /proc/PID/stat. The command's name may contain anything. */
export function cpuMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (numberIn(fields[11]) + numberIn(fields[12])) * msATick;
}

/** The same with ended child processes. */
export function familyCpuMsIn(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return cpuMsIn(stat) + (numberIn(fields[13]) + numberIn(fields[14])) * msATick;
}

/** Parses the busy time and the total time of all CPUs in /proc/stat. */
export function machineCpuMsIn(stat: string): { readonly busyMs: number; readonly allMs: number } {
  const [user, nice, system, idle, waiting, ...interrupts] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .slice(0, 8)
    .map((word) => numberIn(word) * msATick);
  const busyMs = [user, nice, system, ...interrupts].reduce<number>((sum, each) => sum + (each ?? 0), 0);
  return { busyMs, allMs: busyMs + (idle ?? 0) + (waiting ?? 0) };
}

/** Parses the bytes written to disk in /proc/PID/io. */
export function writtenBytesIn(io: string): number {
  return numberIn(/^write_bytes: (\d+)$/m.exec(io)?.[1]);
}

/** Parses the memory without mapped files in /proc/PID/status. */
export function ownBytesIn(status: string): number {
  const kilobytes = (name: string): number => numberIn(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return (kilobytes('VmRSS') - kilobytes('RssFile')) * 1024;
}

/** Parses the written bytes in /sys/dev/block/MAJOR:MINOR/stat. */
export function diskBytesIn(stat: string): number {
  return numberIn(stat.trim().split(/\s+/)[6]) * bytesASector;
}

/** Parses /proc/PID/task/PID/children. */
export function childrenIn(children: string): number[] {
  return children
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** Unpacks the device number of stat(2). */
export function deviceNumbers(dev: number): { readonly major: number; readonly minor: number } {
  return { major: (dev >>> 8) & 0xfff, minor: (dev & 0xff) | ((dev >>> 12) & 0xfff00) };
}

/** The CPU times of this process with ended children, and of the machine. */
export function cpuOfAll(): { readonly familyMs: number; readonly busyMs: number; readonly allMs: number } {
  return {
    familyMs: familyCpuMsIn(readFileSync('/proc/self/stat', 'latin1')),
    ...machineCpuMsIn(readFileSync('/proc/stat', 'latin1')),
  };
}

export function cpuMs(pid: number): number {
  return cpuMsIn(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** Of the main thread. */
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

/** Returns the bytes written to the disk of a directory; undefined without a block device, as for tmpfs. */
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

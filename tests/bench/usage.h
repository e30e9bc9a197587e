// What another process used.
#pragma once

// CPU time of all threads of the process `pid` (digits) since it began, in microseconds. Threads
// that ended are not counted. Ends the program when there is no such process.
double bench_cpu_us(const char *pid);

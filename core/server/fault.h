// The last words of a process that reads a page which the disk does not give.
#pragma once

// From now on a page of a mapped file that cannot be read ends the process with a line in the log
// that names the file and the likely cause. Without it the process would end without a word.
void mx_fault_tell(void);

"""`chance-tap play`: the whole system on one machine, started and stopped as one."""

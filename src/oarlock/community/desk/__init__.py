"""The safety desk: cases with clocks, reports, appeals, rota and alarms."""

"""The annual report in chat, on paper and as a workbook."""

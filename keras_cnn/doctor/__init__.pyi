from .callback import Doctor as Doctor
from .diagnosing import diagnose as diagnose
from .findings import Diagnosis as Diagnosis
from .findings import Finding as Finding
from .linting import lint as lint
from .repairing import Repair as Repair
from .repairing import repair as repair
from .report import write_report as write_report

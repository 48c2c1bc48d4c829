"""The shape of a GSTR-1 file, from what the portal and its offline tool are known to take: nobody publishes one."""

from typing import Any

Schema = dict[str, Any]

AMOUNT: Schema = {"type": "number"}
GSTIN: Schema = {"type": "string", "pattern": r"^[0-9]{2}[A-Z0-9]{13}$"}
PLACE: Schema = {"type": "string", "pattern": r"^[0-9]{2}$"}
NUMBER: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9/-]{1,16}$"}
DATE: Schema = {"type": "string", "pattern": r"^[0-3][0-9]-[01][0-9]-[0-9]{4}$"}
RATE: Schema = {"type": "number", "minimum": 0, "maximum": 100}


def record(needed: Schema, also: Schema | None = None) -> Schema:
    """An object with exactly these fields; those of `also` may be missing."""
    return {
        "type": "object", "properties": {**needed, **(also or {})}, "required": list(needed),
        "additionalProperties": False,
    }  # fmt: skip


def rows(of: Schema) -> Schema:
    return {"type": "array", "items": of, "minItems": 1}


HEADS: Schema = {"iamt": AMOUNT, "camt": AMOUNT, "samt": AMOUNT, "csamt": AMOUNT}
ACROSS: Schema = {"iamt": AMOUNT, "csamt": AMOUNT}
TAXED: Schema = {"rt": RATE, "txval": AMOUNT}
ITEMS = rows(record({"num": {"type": "integer"}, "itm_det": record({**TAXED, **HEADS})}))
ACROSS_ITEMS = rows(record({"num": {"type": "integer"}, "itm_det": record({**TAXED, **ACROSS})}))
INVOICE: Schema = {"inum": NUMBER, "idt": DATE, "val": AMOUNT}
NOTE: Schema = {"ntty": {"enum": ["C", "D"]}, "nt_num": NUMBER, "nt_dt": DATE, "val": AMOUNT}
STANDING: Schema = {"pos": PLACE, "rchrg": {"enum": ["Y", "N"]}, "inv_typ": {"enum": ["R", "DE", "SEWP", "SEWOP"]}}
SMALL = record(
    {"sply_ty": {"enum": ["INTRA", "INTER"]}, "typ": {"const": "OE"}, "pos": PLACE, **TAXED, "csamt": AMOUNT}, HEADS
)
NIL = record({
    "sply_ty": {"enum": ["INTRB2B", "INTRB2C", "INTRAB2B", "INTRAB2C"]}, "nil_amt": AMOUNT, "expt_amt": AMOUNT,
    "ngsup_amt": AMOUNT,
})  # fmt: skip
HSN = rows(record({
    "num": {"type": "integer"}, "hsn_sc": {"type": "string", "pattern": r"^([0-9]{4,8})?$"},
    "desc": {"type": "string", "maxLength": 30}, "uqc": {"type": "string", "pattern": r"^[A-Z]{2,3}$"}, "qty": AMOUNT,
    **TAXED, **HEADS,
}))  # fmt: skip
COUNT: Schema = {"type": "integer", "minimum": 0}
ISSUED = record({
    "num": {"type": "integer"}, "from": {"type": "string"}, "to": {"type": "string"}, "totnum": COUNT, "cancel": COUNT,
    "net_issue": COUNT,
})  # fmt: skip

GSTR1 = record(
    {"gstin": GSTIN, "fp": {"type": "string", "pattern": r"^(0[1-9]|1[0-2])[0-9]{4}$"}},
    {
        "b2b": rows(record({"ctin": GSTIN, "inv": rows(record({**INVOICE, **STANDING, "itms": ITEMS}))})),
        "b2cl": rows(record({"pos": PLACE, "inv": rows(record({**INVOICE, "itms": ACROSS_ITEMS}))})),
        "b2cs": rows(SMALL),
        "cdnr": rows(record({"ctin": GSTIN, "nt": rows(record({**NOTE, **STANDING, "itms": ITEMS}))})),
        "cdnur": rows(
            record({**NOTE, "typ": {"enum": ["B2CL", "EXPWP", "EXPWOP"]}, "itms": ACROSS_ITEMS}, {"pos": PLACE})
        ),
        "exp": rows(
            record(
                {
                    "exp_typ": {"enum": ["WPAY", "WOPAY"]},
                    "inv": rows(record({**INVOICE, "itms": rows(record({**TAXED, **ACROSS}))})),
                }
            )
        ),
        "nil": record({"inv": rows(NIL)}),
        "hsn": record({}, {"data": HSN, "hsn_b2b": HSN, "hsn_b2c": HSN}),
        "doc_issue": record(
            {
                "doc_det": rows(
                    record({"doc_num": {"type": "integer", "minimum": 1, "maximum": 12}, "docs": rows(ISSUED)})
                )
            }
        ),
    },
)

"""Mutants of a module: each differs from it in one operator, constant or condition."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

_SWAPPED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.USub: ast.UAdd,
}


@dataclass(frozen=True)
class Mutant:
    """The text of a changed module, and what was changed where."""

    line: int
    change: str
    source: str


def mutants(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module, in the order of its lines; annotations and text stay as they are."""
    count = sum(1 for _ in _sites(ast.parse(source)))
    for number in range(count):
        tree = ast.parse(source)
        node = list(_sites(tree))[number]
        before = ast.unparse(node)
        after = _changed(node)
        yield Mutant(getattr(node, "lineno", 0), f"{before} -> {after}", ast.unparse(tree))


def _sites(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes that can be changed: none in annotations, decorators of functions, or calls of the log."""
    for child in ast.iter_child_nodes(tree):
        if _is_decision(child):
            yield child
        if isinstance(child, ast.Call) and ast.unparse(child.func).startswith("log."):
            continue
        if isinstance(child, ast.FunctionDef):
            for statement in child.body:
                yield from _sites(ast.Module([statement], []))
        elif isinstance(child, ast.AnnAssign):
            if child.value is not None:
                yield from _sites(ast.Expr(child.value))
        else:
            yield from _sites(child)


def _is_decision(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operator]) | ast.BoolOp(op=operator) | ast.BinOp(op=operator) | ast.UnaryOp(op=operator):
            return type(operator) in _SWAPPED or isinstance(operator, ast.Not)
        case ast.If() | ast.IfExp():
            return True
        case ast.Constant(value=value):
            return type(value) in {bool, int, float}
    return False


def _changed(node: ast.AST) -> str:
    """Change a node in place and return its new text."""
    match node:
        case ast.Compare():
            node.ops = [_SWAPPED[type(node.ops[0])]()]  # type: ignore[list-item] # comparisons swap with comparisons
        case ast.UnaryOp(op=ast.Not()):
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.BoolOp() | ast.BinOp() | ast.UnaryOp():
            node.op = _SWAPPED[type(node.op)]()  # type: ignore[assignment] # and so do the others
        case ast.If() | ast.IfExp():
            node.test = ast.UnaryOp(ast.Not(), node.test)
        case ast.Constant(value=bool(value)):
            node.value = not value
        case ast.Constant(value=int(value) | float(value)):
            node.value = value + 1
    return ast.unparse(node)

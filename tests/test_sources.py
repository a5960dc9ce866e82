from importlib.metadata import packages_distributions, version

from huebench.sources import versions


def test_a_package_has_the_versions_of_all_distributions_that_hold_it():
    holders = packages_distributions()
    assert {"numpy", "PIL", "sklearn", "yaml"} <= set(holders)
    for package, names in holders.items():
        assert versions([package]).items() >= {name: version(name) for name in names}.items()


def test_a_package_that_is_missing_is_not_installed():
    assert versions(["no_such_package_of_a_test"]) == {"no_such_package_of_a_test": "not installed"}
